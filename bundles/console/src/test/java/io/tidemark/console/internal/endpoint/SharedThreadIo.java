package io.tidemark.console.internal.endpoint;

import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gogo's standard streams, one for all tests of a process and never stopped. A command that a test leaves behind puts them
 * back in place whenever it ends; after a stop that would be for good, and no later test could start its own.
 */
final class SharedThreadIo implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == ThreadIOImpl.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.create(SharedThreadIo.class))
                .getOrComputeIfAbsent(ThreadIOImpl.class, type -> started(), ThreadIOImpl.class);
    }

    private static ThreadIOImpl started() {
        ThreadIOImpl threadIo = new ThreadIOImpl();
        threadIo.start();
        return threadIo;
    }
}
