/** What a node's parts do together: the manager of images over real stores, and the console's commands. */
package io.tidemark.node;
