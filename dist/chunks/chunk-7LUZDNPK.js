import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
var t="SLOTWAVE_RELEASE_ID",r="slotwave.release.json";function s(e,n){return e?.endsWith(`.${n.slice(0,12)}`)??!1}export{t as a,r as b,s as c};
