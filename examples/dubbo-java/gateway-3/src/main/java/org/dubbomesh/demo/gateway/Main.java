package org.dubbomesh.demo.gateway;

import com.alibaba.fastjson2.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.service.GenericService;
import org.dubbomesh.demo.service.Options;

/**
 * A gateway from HTTP to Dubbo as it is written in Java: Dubbo's generic call, asynchronous, behind the HTTP server of
 * the JDK. {@code POST /{interface}/{method}} with a JSON array. It is there to be measured beside the mesh.
 */
public final class Main {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final String providers;
    private final Map<String, GenericService> services = new ConcurrentHashMap<>();

    private Main(String providers) {
        this.providers = providers;
    }

    public static void main(String[] args) throws IOException {
        // What the JDK's server needs to answer at once and to keep more than 200 connections.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "4000");
        System.setProperty("dubbo.application.logger", "slf4j");
        Options options = Options.parse(args);
        ApplicationConfig application = new ApplicationConfig("java-gateway");
        application.setQosEnable(false);
        application.setDumpEnable(false);
        DubboBootstrap.getInstance().application(application)
                .registry(new RegistryConfig(RegistryConfig.NO_AVAILABLE)).start();

        Main gateway = new Main(urls(options.text("providers")));
        HttpServer server = HttpServer.create(new InetSocketAddress(options.host(), options.port()), 4096);
        server.createContext("/", gateway::handle);
        // Requests are read by as many threads as there are cores; answers are written by Dubbo's.
        server.setExecutor(Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors()));
        server.start();
        System.out.println("listening " + options.host() + ":" + server.getAddress().getPort());
    }

    /** Turns {@code ip:port=weight,…} into Dubbo's direct URLs; written as a number, 127.0.0.1 is taken as it is. */
    private static String urls(String providers) {
        return Stream.of(providers.split(",")).map(one -> {
            String[] parts = one.replace("127.0.0.1", "2130706433").split("=", 2);
            return "dubbo://" + parts[0] + "?weight=" + parts[1] + "&warmup=1";
        }).collect(Collectors.joining(";"));
    }

    private GenericService service(String name) {
        return services.computeIfAbsent(name, it -> {
            ReferenceConfig<GenericService> reference = new ReferenceConfig<>();
            reference.setInterface(it);
            reference.setGeneric("true");
            reference.setUrl(providers);
            reference.setLoadbalance("roundrobin");
            reference.setTimeout(TIMEOUT_MILLIS);
            return reference.get();
        });
    }

    private void handle(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/");
        Object[] arguments = JSON.parseArray(exchange.getRequestBody().readAllBytes()).toArray();
        if (path.length != 3) {
            answer(exchange, 404, "null");
            return;
        }
        service(path[1]).$invokeAsync(path[2], null, arguments).whenComplete((result, failure) -> {
            if (failure == null) {
                answer(exchange, 200, JSON.toJSONString(result));
            } else {
                answer(exchange, 503, JSON.toJSONString(Map.of("detail", String.valueOf(failure.getMessage()))));
            }
        });
    }

    private static void answer(HttpExchange exchange, int status, String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", "application/json");
        try (exchange) {
            exchange.sendResponseHeaders(status, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        } catch (IOException e) {
            // The client is gone; nobody is left to be told.
            return;
        }
    }
}
