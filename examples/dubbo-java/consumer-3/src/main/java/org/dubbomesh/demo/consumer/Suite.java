package org.dubbomesh.demo.consumer;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.dubbo.rpc.RpcException;
import org.apache.dubbo.rpc.service.GenericService;

/**
 * Calls every method of an interface once, with a value of each parameter's type, and prints a line for each call: the
 * method and what came of it, with the class of everything in it. Lines of equal services are equal.
 */
final class Suite {
    private Suite() {}

    static void run(Class<?> type, Object service, String prefix) throws ReflectiveOperationException {
        List<Method> methods = Arrays.stream(type.getMethods())
                .sorted(Comparator.comparing(Suite::signature))
                .collect(Collectors.toList());
        for (Method method : methods) {
            System.out.println(prefix + signature(method) + "\t" + outcome(service, method));
        }
    }

    private static String signature(Method method) {
        return method.getName() + Stream.of(method.getGenericParameterTypes())
                .map(type -> type.getTypeName().replaceAll("[a-z]+\\.", ""))
                .collect(Collectors.joining(",", "(", ")"));
    }

    private static String outcome(Object service, Method method) throws ReflectiveOperationException {
        Object[] arguments = new Object[method.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = Samples.of(method.getGenericParameterTypes()[i]);
        }
        try {
            return Json.exact(service instanceof GenericService ? generic((GenericService) service, method, arguments) : method.invoke(service, arguments));
        } catch (InvocationTargetException e) {
            return error(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw e;
        } catch (Throwable e) { // a generic service throws whatever it is sent, declared or not
            return error(e);
        }
    }

    private static Object generic(GenericService service, Method method, Object[] arguments) {
        String[] types = Stream.of(method.getParameterTypes()).map(Class::getName).toArray(String[]::new);
        return service.$invoke(method.getName(), types, org.apache.dubbo.common.utils.PojoUtils.generalize(arguments));
    }

    /** The exception, without what is different for each connection and each host of a call. */
    private static String error(Throwable e) throws ReflectiveOperationException {
        String code = e instanceof RpcException ? " code " + ((RpcException) e).getCode() : "";
        String message = String.valueOf(e.getMessage());
        if (!code.isEmpty()) { // what stands before the cause is of the call: its times, its provider
            int cause = message.lastIndexOf("cause: ");
            message = cause < 0 ? message : message.substring(cause + "cause: ".length());
            // How often it was caught and thrown again depends on the thread that met it first.
            message = message.replaceAll("^(?:[\\w.$]+(?:Exception|Error): )+(?=[\\w.$]+(?:Exception|Error): )", "");
        }
        return "throws " + e.getClass().getName() + code + ": " + Json.exact(message.split("\n", 2)[0]);
    }
}
