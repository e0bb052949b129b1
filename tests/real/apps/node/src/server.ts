import express from "express";
import pino from "pino";
import { z } from "zod";

const log = pino();
const app = express();
const Item = z.object({ name: z.string(), price: z.coerce.number() });

app.get("/", (_request, response) => {
  response.send("shop 0.3.0");
});

app.get("/item/:name/:price", (request, response) => {
  response.json(Item.parse(request.params));
});

const port = Number(process.env.PORT ?? 3000);
app.listen(port, () => log.info({ port }, "listening"));
