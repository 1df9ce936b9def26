package org.dubbomesh.demo;

/** Methods that only their parameter types tell apart. */
public interface Overloaded {
    String of(int value);

    String of(String value);

    String of(long[] values);
}
