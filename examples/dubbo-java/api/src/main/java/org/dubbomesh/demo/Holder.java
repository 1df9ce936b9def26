package org.dubbomesh.demo;

import java.io.Serializable;
import java.util.List;

/** One value of a type and a list of others. */
public class Holder<T> implements Serializable {
    private static final long serialVersionUID = 1L;

    public T value;
    public List<T> others;
}
