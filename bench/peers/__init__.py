"""The peers, each as its best users write it. They come with the extra `bench`, never with the product."""
