using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>Checks a complete upload as a whole, with all processors, before a version is made from it.</summary>
internal sealed class UploadCheck(RoomLayout layout)
{
    /// <summary>Checks every group, the number of rows and the digest.</summary>
    /// <returns>The first problem, or null.</returns>
    /// <exception cref="RefusedException">The host changed a chunk.</exception>
    public string? FindProblem(StoredVersion upload)
    {
        var (manifest, digest) = (upload.Manifest, new VersionDigest(layout.GroupCount, upload.Manifest.Form));
        var (rows, problems) = (new long[Environment.ProcessorCount], new string?[Environment.ProcessorCount]);
        GroupShares.Run(layout, Environment.ProcessorCount, (share, index) =>
            problems[index] = FindProblem(upload, share, digest, ref rows[index]));
        if (problems.FirstOrDefault(problem => problem is not null) is { } found)
        {
            return found;
        }
        return FindDifference(manifest, rows.Sum(), Convert.ToHexStringLower(digest.Complete()));
    }

    /// <summary>Compares an upload with its announcement.</summary>
    /// <returns>The difference, or null.</returns>
    public static string? FindDifference(UploadManifest announced, long rows, string digest) =>
        rows != announced.Rows ? $"{rows} rows arrived, but {announced.Rows} were announced"
        : digest != announced.Digest ? "the content does not have the announced digest"
        : null;

    private string? FindProblem(StoredVersion upload, GroupRange share, VersionDigest digest, ref long rows)
    {
        var check = new GroupCheck(layout, upload.DataSet, upload.Manifest.Form);
        var scratch = new AlignedBytes(layout.GroupSize(upload.DataSet));
        for (var group = share.First; group < share.End; group++)
        {
            var plaintext = upload.Read(group, scratch.Span);
            if (check.FindProblem(group, plaintext, out var found) is { } problem)
            {
                return problem;
            }
            rows += found;
            digest.Add(group, plaintext);
        }
        return null;
    }
}
