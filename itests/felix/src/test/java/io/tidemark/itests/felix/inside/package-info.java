/** Code that runs inside the framework, in a bundle of the test's own: it sees the API as any bundle does. */
package io.tidemark.itests.felix.inside;
