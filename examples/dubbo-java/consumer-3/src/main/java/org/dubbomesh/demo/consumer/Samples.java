package org.dubbomesh.demo.consumer;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.dubbomesh.demo.Circle;
import org.dubbomesh.demo.Shape;

/** A value of each type that a method may declare, with something in every list and field. */
final class Samples {
    private static final int DEPTH = 3; // of objects in objects
    private static final Instant INSTANT = Instant.parse("2024-02-29T13:14:15.160Z");
    private static final Map<Type, Object> SIMPLE = new HashMap<>();

    static {
        SIMPLE.put(boolean.class, true);
        SIMPLE.put(byte.class, Byte.MIN_VALUE);
        SIMPLE.put(short.class, Short.MIN_VALUE);
        SIMPLE.put(int.class, 3);
        SIMPLE.put(long.class, 9007199254740993L);
        SIMPLE.put(float.class, 0.1f);
        SIMPLE.put(double.class, 7.0);
        SIMPLE.put(char.class, 'ß');
        SIMPLE.put(Boolean.class, false);
        SIMPLE.put(Byte.class, (byte) 7);
        SIMPLE.put(Short.class, (short) 7);
        SIMPLE.put(Integer.class, Integer.MIN_VALUE);
        SIMPLE.put(Long.class, 7L);
        SIMPLE.put(Float.class, 0.1f);
        SIMPLE.put(Double.class, 0.1);
        SIMPLE.put(Character.class, 'c');
        SIMPLE.put(String.class, "a\u0000é中😀");
        SIMPLE.put(BigDecimal.class, new BigDecimal("12345678901234567890.1234500"));
        SIMPLE.put(BigInteger.class, new BigInteger("123456789012345678901234567890"));
        SIMPLE.put(Date.class, Date.from(INSTANT));
        SIMPLE.put(LocalDate.class, LocalDate.of(2024, 2, 29));
        SIMPLE.put(LocalTime.class, LocalTime.of(13, 14, 15, 160));
        SIMPLE.put(LocalDateTime.class, LocalDateTime.of(2024, 2, 29, 13, 14, 15, 160));
        SIMPLE.put(Instant.class, INSTANT);
        SIMPLE.put(OffsetDateTime.class, INSTANT.atOffset(ZoneOffset.ofHours(1)));
        SIMPLE.put(Duration.class, Duration.ofMinutes(90));
    }

    private Samples() {}

    static Object of(Type type) throws ReflectiveOperationException {
        return of(type, Map.of(), 0);
    }

    private static Object of(Type type, Map<Type, Type> variables, int depth) throws ReflectiveOperationException {
        if (type == Object.class) {
            return new ArrayList<>(List.of(1, "x"));
        }
        if (SIMPLE.containsKey(type)) {
            return SIMPLE.get(type);
        }
        if (type instanceof TypeVariable) {
            return of(variables.get(type), Map.of(), depth);
        }
        if (type instanceof GenericArrayType || type instanceof Class && ((Class<?>) type).isArray()) {
            Class<?> item = ((Class<?>) type).getComponentType();
            Object array = Array.newInstance(item, 2);
            Array.set(array, 0, of(item, variables, depth));
            Array.set(array, 1, of(item, variables, depth));
            return array;
        }
        return type instanceof ParameterizedType
                ? parameterized((ParameterizedType) type, variables, depth)
                : object((Class<?>) type, Map.of(), depth);
    }

    private static Object parameterized(ParameterizedType type, Map<Type, Type> variables, int depth)
            throws ReflectiveOperationException {
        Class<?> raw = (Class<?>) type.getRawType();
        Type[] arguments = type.getActualTypeArguments();
        if (Map.class.isAssignableFrom(raw)) {
            Map<Object, Object> map = new HashMap<>();
            map.put(of(arguments[0], variables, depth), of(arguments[1], variables, depth));
            return map;
        }
        if (Collection.class.isAssignableFrom(raw)) {
            Object item = of(arguments[0], variables, depth);
            return Set.class.isAssignableFrom(raw) ? new HashSet<>(Set.of(item)) : item == null ? new ArrayList<>() : new ArrayList<>(List.of(item));
        }
        if (raw == Optional.class) {
            return Optional.of(of(arguments[0], variables, depth));
        }
        Map<Type, Type> own = new HashMap<>();
        for (int i = 0; i < arguments.length; i++) {
            own.put(raw.getTypeParameters()[i], arguments[i]);
        }
        return object(raw, own, depth);
    }

    private static Object object(Class<?> type, Map<Type, Type> variables, int depth) throws ReflectiveOperationException {
        if (type.isEnum()) {
            return type.getEnumConstants()[1];
        }
        if (depth == DEPTH) {
            return null;
        }
        Class<?> concrete = type == Shape.class ? Circle.class : type;
        Object value = concrete.getConstructor().newInstance();
        for (Class<?> c = concrete; c != Object.class; c = c.getSuperclass()) {
            for (Field field : c.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    field.setAccessible(true);
                    field.set(value, of(field.getGenericType(), variables, depth + 1));
                }
            }
        }
        return value;
    }
}
