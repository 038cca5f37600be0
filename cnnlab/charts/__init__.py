"""Tables in, Plotly figures out. This room never imports Streamlit or Keras and never reads a file."""
