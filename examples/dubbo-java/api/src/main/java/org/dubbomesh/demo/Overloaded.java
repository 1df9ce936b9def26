package org.dubbomesh.demo;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;

/** Methods that only their parameter types tell apart. */
public interface Overloaded {
    String of(int value);

    String of(String value);

    String of(int value, String text);

    String of(String text, int value);

    String of(int[] values);

    String of(long[] values);

    String of(double[] values);

    String who(User value);

    String who(Address value);

    String number(BigDecimal value);

    String number(Double value);

    String letter(char value);

    String letter(int value);

    String many(List<Integer> values);

    String many(Set<String> values);
}
