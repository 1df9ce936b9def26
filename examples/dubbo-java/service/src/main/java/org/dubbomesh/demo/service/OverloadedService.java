package org.dubbomesh.demo.service;

import java.util.Arrays;
import org.dubbomesh.demo.Overloaded;

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
    public String of(long[] values) {
        return "long[] " + Arrays.toString(values);
    }
}
