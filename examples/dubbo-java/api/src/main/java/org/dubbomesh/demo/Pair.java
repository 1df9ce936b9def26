package org.dubbomesh.demo;

import java.io.Serializable;

/** Two values of different types. */
public class Pair<L, R> implements Serializable {
    private static final long serialVersionUID = 1L;

    public L left;
    public R right;
}
