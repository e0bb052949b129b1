#? next_mjs
# Next.js writes a server with what it needs and no more where its configuration asks for that.
RUN cd {home} && mv next.config.mjs next.config.own.mjs && printf '%s\n' 'import own from "./next.config.own.mjs"; export default async (...given) => ({ ...(typeof own === "function" ? await own(...given) : own), output: "standalone" })' > next.config.mjs
#? next_module
# Next.js writes a server with what it needs and no more where its configuration asks for that.
RUN cd {home} && mv next.config.js next.config.own.js && printf '%s\n' 'import own from "./next.config.own.js"; export default async (...given) => ({ ...(typeof own === "function" ? await own(...given) : own), output: "standalone" })' > next.config.js
#? next_ts
# Next.js writes a server with what it needs and no more where its configuration asks for that.
RUN cd {home} && mv next.config.ts next.config.own.ts && printf '%s\n' '// @ts-nocheck' 'import own from "./next.config.own"; export default async (...given) => ({ ...(typeof own === "function" ? await own(...given) : own), output: "standalone" })' > next.config.ts
#? next_js
# Next.js writes a server with what it needs and no more where its configuration asks for that.
RUN cd {home} && mv next.config.js next.config.own.js && printf '%s\n' 'const own = require("./next.config.own.js"); module.exports = async (...given) => ({ ...(typeof own === "function" ? await own(...given) : own), output: "standalone" })' > next.config.js
#? next_none
# Next.js writes a server with what it needs and no more where its configuration asks for that.
RUN cd {home} && echo 'export default { output: "standalone" }' > next.config.mjs
