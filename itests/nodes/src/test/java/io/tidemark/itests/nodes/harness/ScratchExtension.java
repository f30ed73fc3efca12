package io.tidemark.itests.nodes.harness;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Hands each test a {@link Scratch} of its own, and closes it. */
public final class ScratchExtension implements ParameterResolver, AfterEachCallback {
    private static final ExtensionContext.Namespace SPACE = ExtensionContext.Namespace.create(ScratchExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Scratch.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        String type = context.getRequiredTestClass().getSimpleName();
        String id = Integer.toHexString(context.getUniqueId().hashCode() & 0xffffff);
        return context.getStore(SPACE)
                .getOrComputeIfAbsent("scratch", key -> Scratch.create(type + "-" + id), Scratch.class);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Scratch scratch = context.getStore(SPACE).remove("scratch", Scratch.class);
        if (scratch != null) {
            scratch.close(context.getExecutionException().isPresent());
        }
    }
}
