package org.dubbomesh.demo;

import java.io.Serializable;
import java.util.List;

/** A part of a list, of whatever the list is of. */
public class Page<T> implements Serializable {
    private static final long serialVersionUID = 1L;

    public List<T> items;
    public T first;
    public int total;
}
