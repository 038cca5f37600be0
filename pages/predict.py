"""Predict: ask finished runs about new pictures, up to three side by side."""

from cnnlab.ui import frame, predict, predict_answers

with frame.page("Predict", lead="Ask a finished run about new pictures, or up to three about the same ones."):
    predictors = predict.choose_runs()
    if predictors:
        pictures = predict.choose_pictures(
            predictors[0].record.run, class_names=predictors[0].record.class_names
        )
        if pictures:
            predict_answers.answers(pictures, predictors=predictors)
