package com.alibaba.dubbo.performance.demo.provider;

/** The service of the 2018 Dubbo-agent contest. */
public interface IHelloService {
    /** Answers {@code text.hashCode()} after the provider's delay. */
    int hash(String text);
}
