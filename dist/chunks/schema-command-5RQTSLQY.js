import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
import{k as r}from"./chunk-NLK7WYQM.js";import{o,u as e}from"./chunk-T4ZKGR7D.js";import"./chunk-JSHBWGR4.js";import"./chunk-3SUBCO4Y.js";import"./chunk-CSFDNXPK.js";import"./chunk-BZ3YOFNU.js";function i(){return e({color:!1,json:!0}).write(`${JSON.stringify(r(),null,2)}
`),o.settled}export{i as commandSchema};
