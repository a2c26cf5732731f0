import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
import"./chunk-BZ3YOFNU.js";async function t(){throw new Error("signing in by a browser is left out of slotwave's bundles (scripts/left-out.ts).")}export{t as default};
