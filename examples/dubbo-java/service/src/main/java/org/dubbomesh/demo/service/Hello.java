package org.dubbomesh.demo.service;

import com.alibaba.dubbo.performance.demo.provider.IHelloService;

/** Hashes a string, slowly. */
public final class Hello implements IHelloService {
    private final long delayMillis;

    public Hello(long delayMillis) {
        this.delayMillis = delayMillis;
    }

    @Override
    public int hash(String text) {
        Pause.millis(delayMillis);
        return text.hashCode();
    }
}
