package org.dubbomesh.demo.service;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.dubbomesh.demo.Address;
import org.dubbomesh.demo.Overloaded;
import org.dubbomesh.demo.User;

/** Says which of its methods was called. */
public final class OverloadedService implements Overloaded {
    @Override
    public String of(int value) {
        return "int " + value;
    }

    @Override
    public String of(String value) {
        return "String " + value;
    }

    @Override
    public String of(int value, String text) {
        return "int " + value + ", String " + text;
    }

    @Override
    public String of(String text, int value) {
        return "String " + text + ", int " + value;
    }

    @Override
    public String of(int[] values) {
        return "int[] " + Arrays.toString(values);
    }

    @Override
    public String of(long[] values) {
        return "long[] " + Arrays.toString(values);
    }

    @Override
    public String of(double[] values) {
        return "double[] " + Arrays.toString(values);
    }

    @Override
    public String who(User value) {
        return "User " + value.getName();
    }

    @Override
    public String who(Address value) {
        return "Address " + value.getCity();
    }

    @Override
    public String number(BigDecimal value) {
        return "BigDecimal " + value;
    }

    @Override
    public String number(Double value) {
        return "Double " + value;
    }

    @Override
    public String letter(char value) {
        return "char " + value;
    }

    @Override
    public String letter(int value) {
        return "int " + value;
    }

    @Override
    public String many(List<Integer> values) {
        return "List " + values;
    }

    @Override
    public String many(Set<String> values) {
        return "Set " + new TreeSet<>(values);
    }
}
