package shop;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A shop's pages over HTTP: an item as JSON. */
public final class Server {
    private static final Map<String, Item> ITEMS =
            Map.of("pear", new Item("pear", 3), "plum", new Item("plum", 5));

    private Server() {}

    public static void main(String[] words) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        Gson gson = new Gson();
        server.createContext("/", exchange -> answer(exchange, 200, "shop 0.3.0"));
        server.createContext(
                "/item/",
                exchange -> {
                    String name = exchange.getRequestURI().getPath().substring("/item/".length());
                    Item item = ITEMS.get(name);
                    answer(exchange, item == null ? 404 : 200, gson.toJson(item));
                });
        server.start();
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
