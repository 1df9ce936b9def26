package org.dubbomesh.demo.consumer;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.dubbomesh.demo.Address;
import org.dubbomesh.demo.Role;
import org.dubbomesh.demo.User;

/** What a method is called with: words of the command line, or values that tell the calls apart. */
final class Arguments {
    private Arguments() {}

    static Object[] of(Method method, String words, int number) {
        Class<?>[] types = method.getParameterTypes();
        String[] given = words == null ? new String[0] : words.split(",", -1);
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            arguments[i] = value(types[i], i < given.length ? given[i] : null, number + i);
        }
        return arguments;
    }

    private static Object value(Class<?> type, String word, int number) {
        if (type == String.class) {
            return word != null ? word : "hello " + number;
        }
        if (type == long.class || type == Long.class) {
            return word != null ? Long.parseLong(word) : (long) number;
        }
        if (type == int.class || type == Integer.class) {
            return word != null ? Integer.parseInt(word) : number;
        }
        if (type == boolean.class || type == Boolean.class) {
            return word == null || Boolean.parseBoolean(word);
        }
        if (type == double.class || type == Double.class) {
            return word != null ? Double.parseDouble(word) : number + 0.5;
        }
        return type == User.class ? user(number) : null;
    }

    private static User user(int number) {
        Address home = new Address();
        home.setCity("Zürich 😀");
        User user = new User();
        user.setId(number);
        user.setName("Eve");
        user.setRole(Role.MEMBER);
        user.setActive(true);
        user.setBalance(12.25);
        user.setCreated(new Date(1709212455000L));
        user.setHome(home);
        user.setAddresses(new ArrayList<>(List.of(home))); // Dubbo 2.7 cannot write what List.of returns
        user.setAttributes(new HashMap<>(Map.of("k", "v")));
        return user;
    }
}
