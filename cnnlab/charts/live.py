"""What the live chart component draws, as a dictionary ready for JSON; its schema is the agreement with it.

    {
      "rev": str              Plotly's `uirevision`: the zoom stays for as long as it is the same
      "tick": int             grows with every event that was recorded; equal ticks are equal pictures
      "title": str            what the chart shows
      "series": [             drawn in this order, the last on top; each has these keys, always
        {
          "key": str          stable from tick to tick: "training_steps_raw", "training_steps",
                              "training", "validation", "best", "learning_rate"
          "name": str         for the legend and the hover text
          "x", "y": str       little-endian float32 as base64, of equal length; NaN is a gap in the line
          "mode": str         Plotly's: "lines", "markers", "lines+markers"
          "color": str        "#rrggbb"; the same in light and dark
          "dash": str         Plotly's: "solid", "dash", "dot", ...
          "width": float      of the line, in pixels
          "opacity": float    0..1
          "symbol": str       of the markers, Plotly's: "circle", "diamond", "star", ...
          "size": float       of the markers, in pixels
          "shape": str        of the line, Plotly's: "linear" or "hv"
          "hover": str        Plotly's `hovertemplate`
          "legend": bool      whether it has its own row in the legend
        }, ...
      ]
      "shapes": [...]         Plotly's `layout.shapes`, as they are: phases shaded, fine-tuning marked
      "annotations": [...]    Plotly's `layout.annotations`, as they are: the phases' names
      "x_axis": {"title": str, "tickformat": str, "range": [low, high]}
      "y_axis": {"title": str, "tickformat": str, "type": "linear" | "log", "rangemode": "normal" | "tozero"}
    }

Every text is escaped for Plotly already. No text colour, grid colour or background is given: the component
takes them from the theme. `y` is never empty where a series is given; a run without events has no series.
The component never computes anything. This module never reads a run's folder.
"""
