/** Two and three sites, each with the real engine, journal, image store and mirror, on a simulated network. */
package io.tidemark.simulation.sites;
