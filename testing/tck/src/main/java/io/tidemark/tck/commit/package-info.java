/** What every commit policy has to pass. */
package io.tidemark.tck.commit;
