#!/usr/bin/env node
import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
import{a as e}from"./chunks/chunk-6ZEHVP3R.js";import"./chunks/chunk-BZ3YOFNU.js";var[r,...t]=process.argv.slice(2);if(t.length===0&&(r==="--version"||r==="-V"))process.stdout.write(`${e()}
`);else{let{enter:s}=await import("./chunks/enter-2YJZG7TP.js");await s(process.argv.slice(2),import.meta.url)}
