"""Centrality in a random graph, with NetworkX."""
import networkx

GRAPH = networkx.gnp_random_graph(400, 0.05, seed=1)
networkx.betweenness_centrality(GRAPH, k=20)
list(networkx.connected_components(GRAPH))
