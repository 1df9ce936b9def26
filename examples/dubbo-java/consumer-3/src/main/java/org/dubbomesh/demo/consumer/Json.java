package org.dubbomesh.demo.consumer;

import java.beans.Introspector;
import java.beans.PropertyDescriptor;
import java.time.temporal.Temporal;
import java.time.temporal.TemporalAmount;
import java.util.Collection;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
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

    /** Writes a value with its class in front of everything whose class JSON does not tell. */
    static String exact(Object value) throws ReflectiveOperationException {
        if (value == null || value instanceof Boolean) {
            return String.valueOf(value);
        }
        if (value instanceof String) {
            return quoted((String) value);
        }
        String name = value.getClass().getSimpleName();
        if (value.getClass().isArray()) {
            StringBuilder out = new StringBuilder(name.replace("]", ""));
            for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) {
                out.append(i > 0 ? "," : "").append(exact(java.lang.reflect.Array.get(value, i)));
            }
            return out.append(']').toString();
        }
        if (value instanceof Collection) {
            StringBuilder out = new StringBuilder(name).append('[');
            for (Object item : (Collection<?>) value) {
                out.append(out.charAt(out.length() - 1) == '[' ? "" : ",").append(exact(item));
            }
            return out.append(']').toString();
        }
        if (value instanceof Number || value instanceof Character || value instanceof Enum || value instanceof Temporal || value instanceof TemporalAmount || value instanceof Optional) {
            return name + " " + value;
        }
        if (value instanceof Date) {
            return name + " " + ((Date) value).getTime();
        }
        TreeMap<String, String> members = new TreeMap<>();
        if (value instanceof Map) {
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                members.put(exact(entry.getKey()), entry.getValue() == value ? "itself" : exact(entry.getValue()));
            }
        } else {
            fields(value, members);
        }
        return name + members;
    }

    private static void fields(Object value, Map<String, String> members) throws ReflectiveOperationException {
        for (Class<?> c = value.getClass(); c != Object.class; c = c.getSuperclass()) {
            for (java.lang.reflect.Field field : c.getDeclaredFields()) {
                if (!java.lang.reflect.Modifier.isStatic(field.getModifiers())) {
                    field.setAccessible(true);
                    Object member = field.get(value);
                    members.put(field.getName(), member == value ? "itself" : exact(member));
                }
            }
        }
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
