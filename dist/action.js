import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
import{a as t}from"./chunks/chunk-6ZEHVP3R.js";import"./chunks/chunk-BZ3YOFNU.js";process.stdout.write(`slotwave ${t()}
`);var{enterAction:o}=await import("./chunks/github-PMIKYZZW.js");await o();
