package org.dubbomesh.demo.consumer;

import java.beans.Introspector;
import java.beans.PropertyDescriptor;
import java.util.Collection;
import java.util.Date;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes a value as JSON, maps and objects with their members in order. */
final class Json {
    private Json() {}

    static String of(Object value) throws ReflectiveOperationException {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return String.valueOf(value);
        }
        if (value instanceof CharSequence || value instanceof Enum || value instanceof Character) {
            return quoted(value.toString());
        }
        if (value instanceof Date) {
            return String.valueOf(((Date) value).getTime());
        }
        if (value instanceof Collection) {
            StringBuilder out = new StringBuilder("[");
            for (Object item : (Collection<?>) value) {
                out.append(out.length() > 1 ? "," : "").append(of(item));
            }
            return out.append(']').toString();
        }
        TreeMap<String, Object> members = new TreeMap<>();
        if (value instanceof Map) {
            ((Map<?, ?>) value).forEach((key, member) -> members.put(String.valueOf(key), member));
        } else {
            properties(value, members);
        }
        StringBuilder out = new StringBuilder("{");
        for (Map.Entry<String, Object> member : members.entrySet()) {
            out.append(out.length() > 1 ? "," : "").append(quoted(member.getKey())).append(':').append(of(member.getValue()));
        }
        return out.append('}').toString();
    }

    private static void properties(Object value, Map<String, Object> members) throws ReflectiveOperationException {
        try {
            for (PropertyDescriptor p : Introspector.getBeanInfo(value.getClass(), Object.class).getPropertyDescriptors()) {
                if (p.getReadMethod() != null) {
                    members.put(p.getName(), p.getReadMethod().invoke(value));
                }
            }
        } catch (java.beans.IntrospectionException e) {
            members.put("text", value.toString());
        }
    }

    private static String quoted(String text) {
        return text.chars()
                .mapToObj(c -> c == '"' || c == '\\' ? "\\" + (char) c : c < ' ' ? String.format("\\u%04x", c) : String.valueOf((char) c))
                .collect(Collectors.joining("", "\"", "\""));
    }
}
