namespace Guardian.CleanRoom.Contract;

/// <summary>The content of an upload's chunks.</summary>
public enum UploadForm
{
    /// <summary>All persons, sorted and padded by their owner's client; the fastest form.</summary>
    Sorted,

    /// <summary>All persons in any order; the enclave sorts them.</summary>
    Unsorted,

    /// <summary>Persons to add, to change and to remove, sorted and padded; the enclave merges them into the current version.</summary>
    Changes,
}
