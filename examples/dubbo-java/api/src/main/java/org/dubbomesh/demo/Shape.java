package org.dubbomesh.demo;

import java.io.Serializable;

/** What its subclasses have in common. */
public abstract class Shape implements Serializable {
    private static final long serialVersionUID = 1L;

    public String color;

    public abstract double area();
}
