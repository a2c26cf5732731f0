import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
import{buildJsonSchema}from"./chunk-ELOPHHXE.js";import"./chunk-LDHQC456.js";import{exitCodes,openOutside}from"./chunk-LVLFFW2L.js";import"./chunk-L6DTZCYZ.js";import"./chunk-NHTFII52.js";function commandSchema(){return openOutside({color:!1,json:!0}).write(`${JSON.stringify(buildJsonSchema(),null,2)}
`),exitCodes.settled}export{commandSchema};
