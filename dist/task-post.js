import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
var{enterTaskPost:t}=await import("./chunks/azure-pipelines-BCT56SYJ.js");await t();
