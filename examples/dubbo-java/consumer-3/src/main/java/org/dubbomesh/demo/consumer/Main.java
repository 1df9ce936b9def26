package org.dubbomesh.demo.consumer;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.rpc.RpcContext;
import org.apache.dubbo.rpc.RpcException;
import org.apache.dubbo.rpc.service.GenericService;

/** Calls a method of a demo service at a URL, without a registry, and prints a line of JSON for each call. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        System.setProperty("dubbo.application.logger", "slf4j");
        if (options.method().equals("all")) {
            suite(options);
            System.exit(0);
        }
        Class<?> type = Class.forName(options.text("interface", "org.dubbomesh.demo.Echo"));
        Object service = reference(options, type, options.url(), options.text("generic", ""));
        Method method = method(type, options.method());
        // The first call pays for the connection and the proxy classes, so the others begin when it is done.
        List<String> lines = new ArrayList<>(List.of(call(options, service, method, 0)));
        ExecutorService threads = Executors.newFixedThreadPool(options.number("threads", 1));
        List<Future<String>> rest = new ArrayList<>();
        for (int i = 1; i < options.count(); i++) {
            int number = i;
            rest.add(threads.submit(() -> call(options, service, method, number)));
        }
        for (Future<String> line : rest) {
            lines.add(line.get());
        }
        lines.forEach(System.out::println);
        if (options.number("linger", 0) > 0) { // for heartbeats and what a provider says without being asked
            Thread.sleep(options.number("linger", 0));
            System.out.println(call(options, service, method, options.count()));
        }
        System.exit(0);
    }

    /** Calls all methods of the interfaces at each URL, first typed, then generic. */
    private static void suite(Options options) throws ReflectiveOperationException {
        String[] urls = options.url().split(",");
        for (int i = 0; i < urls.length; i++) {
            for (String name : options.text("interface", "org.dubbomesh.demo.Types").split(",")) {
                Class<?> type = Class.forName(name);
                Suite.run(type, reference(options, type, urls[i], ""), i + "\ttyped\t" + type.getSimpleName() + ".");
                Suite.run(type, reference(options, type, urls[i], "true"), i + "\tgeneric\t" + type.getSimpleName() + ".");
            }
        }
    }

    private static Method method(Class<?> type, String name) {
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name)) {
                return method;
            }
        }
        throw Options.exit(type.getName() + " has no method " + name);
    }

    private static Object reference(Options options, Class<?> type, String url, String generic) {
        ApplicationConfig application = new ApplicationConfig("demo-consumer");
        application.setQosEnable(false);
        ReferenceConfig<Object> reference = new ReferenceConfig<>();
        reference.setApplication(application);
        reference.setInterface(type);
        reference.setUrl(url);
        reference.setTimeout(options.number("timeout", 3000));
        reference.setRetries(options.number("retries", 2));
        reference.setCheck(false);
        if (!generic.isEmpty()) {
            reference.setGeneric(generic);
        }
        if (!options.text("group", "").isEmpty()) {
            reference.setGroup(options.text("group", ""));
        }
        if (!options.text("version", "").isEmpty()) {
            reference.setVersion(options.text("version", ""));
        }
        return reference.get();
    }

    private static String call(Options options, Object service, Method method, int number) throws ReflectiveOperationException {
        long began = System.nanoTime();
        String outcome;
        try {
            options.attachments().forEach((key, value) -> RpcContext.getContext().setAttachment(key, value));
            Object[] arguments = Arguments.of(method, options.text("args", null), number);
            outcome = "\"result\":" + Json.of(invoke(service, method, arguments));
        } catch (Throwable e) {
            Throwable cause = e instanceof java.lang.reflect.InvocationTargetException ? e.getCause() : e;
            String code = cause instanceof RpcException ? "\"code\":" + ((RpcException) cause).getCode() + "," : "";
            outcome = "\"error\":" + Json.of(cause.getClass().getName()) + "," + code + "\"message\":" + Json.of(cause.getMessage());
        }
        return "{\"call\":" + number + ",\"ms\":" + (System.nanoTime() - began) / 1_000_000 + "," + outcome + "}";
    }

    private static Object invoke(Object service, Method method, Object[] arguments) throws Throwable {
        if (!(service instanceof GenericService)) {
            return method.invoke(service, arguments);
        }
        Class<?>[] types = method.getParameterTypes();
        String[] names = new String[types.length];
        for (int i = 0; i < types.length; i++) {
            names[i] = types[i].getName();
        }
        return ((GenericService) service).$invoke(method.getName(), names, arguments);
    }
}
