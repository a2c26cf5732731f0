#!/usr/bin/env node
import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);
import{readVersion}from"./chunks/chunk-GNVCACLM.js";import"./chunks/chunk-NHTFII52.js";var[first,...others]=process.argv.slice(2);if(others.length===0&&(first==="--version"||first==="-V"))process.stdout.write(`${readVersion()}
`);else{let{enter}=await import("./chunks/enter-3EREGW7K.js");await enter(process.argv.slice(2),import.meta.url)}
