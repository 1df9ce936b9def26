package org.dubbomesh.demo;

/** A shape with four equal sides. */
public class Square extends Shape {
    private static final long serialVersionUID = 1L;

    public double side;

    @Override
    public double area() {
        return side * side;
    }
}
