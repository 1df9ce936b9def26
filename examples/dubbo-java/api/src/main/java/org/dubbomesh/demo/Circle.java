package org.dubbomesh.demo;

/** A shape with a radius. */
public class Circle extends Shape {
    private static final long serialVersionUID = 1L;

    public double radius;

    @Override
    public double area() {
        return Math.PI * radius * radius;
    }
}
