"""The Datasets page takes pictures in any wrapping: packed, or a folder that was dropped with a table of labels in it."""

import io
import tarfile

from cnnlab.data.library import list_datasets
from tests.data.making import class_files, import_zip, write_zip


def test_a_packed_tar_is_imported(open_page, at_once):
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:gz") as archive:
        for name, data in class_files({"cat": 6, "dog": 6}).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    page = open_page("datasets")
    page.file_uploader(key="upload-zip-0").upload("pets.tar.gz", output.getvalue()).run()
    page.button(key="import-previewed").click().run()
    assert not page.exception
    assert "12 pictures of 2 classes taken" in " ".join(element.value for element in page.markdown)
    assert page.title[0].value == "pets"


def test_a_dropped_folder_takes_its_classes_from_the_table_in_it(open_page, at_once):
    pictures = class_files({"all": 12}, prefix="garden/")
    lines = [
        f"{name.removeprefix('garden/')},{'daisy' if place % 2 else 'rose'},bed {place // 4}"
        for place, name in enumerate(pictures)
    ]
    table = "\n".join(["file,label,group", *lines, "all/gone.png,rose,bed 9"]).encode()
    page = open_page("datasets")
    dropped = [*pictures.items(), ("garden/labels.csv", table)]
    for name, data in dropped:
        page.file_uploader(key="upload-dropped-0").upload(name, data)
    page.run()
    page.button(key="import-previewed").click().run()
    assert not page.exception
    (dataset,) = list_datasets()
    assert (dataset.name, dataset.class_names, dataset.num_pictures) == ("garden", ("daisy", "rose"), 12)
    assert sorted(dataset.table()["group"].unique()) == ["bed 0", "bed 1", "bed 2"]
    assert "the file is not there" in str([frame.value for frame in page.dataframe])


def test_many_refused_files_can_be_searched(open_page, tmp_path):
    files = class_files({"cat": 3, "dog": 3}) | {f"cat/bad {number}.png": b"none" for number in range(12)}
    job = import_zip(write_zip(tmp_path / "pets.zip", files | {"../Way out.png": b"none"}))
    page = open_page("datasets", **{"import": job.id})
    for wanted, count in (("", 13), ("BAD 1", 3), ("leads OUT", 1), ("(", 0)):
        page.text_input(key=f"import-search-{job.id}").set_value(wanted).run()
        assert not page.exception
        refused = next(frame.value for frame in page.dataframe if "File" in frame.value)
        assert len(refused) == count
