using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>An upload: prepares a file on this machine and sends it encrypted.</summary>
internal sealed class RoomUpload(RoomFile file, RoomClient client, string name, UploadForm form)
{
    private readonly DataSet dataSet = file.Contract.FindDataSet(name)
        ?? throw CliReasons.NoDataSet.Refuse(
            $"the contract has no data set '{name}'", $"it has {string.Join(", ", file.Contract.DataSets.Select(each => each.Name))}");

    /// <summary>Prepares and sends, with progress on a terminal.</summary>
    /// <param name="path">The data; null when the upload only removes persons.</param>
    /// <param name="removals">The identifiers of persons to remove; null for none.</param>
    /// <returns>The result, and the signed receipt, which is verified.</returns>
    public Task<(RoomUploadResult Result, byte[] Receipt)> SendAsync(
        string? path, string? removals, Terminal terminal, CancellationToken cancellation) =>
        terminal.WithProgressAsync(progress => SendAsync(path, removals, progress, cancellation));

    /// <summary>Prepares and sends.</summary>
    /// <param name="progress">Begins a part by its name and returns the function that reports its progress.</param>
    public async Task<(RoomUploadResult Result, byte[] Receipt)> SendAsync(
        string? path, string? removals, Func<string, Action<double, string>> progress, CancellationToken cancellation)
    {
        // The handshake verifies the enclave and the contract's hash, and the session shows where the key can go. Only then the file is
        // read.
        RoomSession.Require(file.Contract, await client.ReadSessionAsync(cancellation).ConfigureAwait(false));
        var keys = await client.ReadKeysAsync(name, cancellation).ConfigureAwait(false);
        var changed = form == UploadForm.Changes ? await FindVersionAsync(cancellation).ConfigureAwait(false) : null;
        var layout = RoomLayout.For(file.Contract);
        var preparing = progress($"preparing {name}");
        using var prepared = new DataSetPreparer(dataSet, layout, form: form).Prepare(
            path, keys.MatchKey,
            new Reporter<PreparationProgress>(now =>
                preparing(now.FileSize == 0 ? 1 : (double)now.BytesRead / now.FileSize, $"{Format.Count(now.Rows, "row")}")),
            removals, cancellation);
        var sending = progress($"sending {name}");
        var (resumed, receipt) = await new RoomUploader(client, file.Contract, dataSet).UploadAsync(
            prepared, keys.UploadSecret,
            new Reporter<UploadProgress>(now => sending(
                (double)now.Bytes / now.TotalBytes,
                $"{Format.Number(now.Rows)} of {Format.Number(now.TotalRows)} rows, {Format.Number(now.Bytes)} bytes")),
            changed, cancellation).ConfigureAwait(false);
        var accepted = RoomStatements.ReadUploadReceipt(receipt, file.Contract);
        var size = (long)(layout.GroupSize(dataSet.Keyed().InForm(form)) + ChunkCipher.TagSize) * layout.GroupCount;
        return (RoomUploadResult.Of(name, accepted, prepared.Report, layout.GroupCount, resumed, size), receipt);
    }

    private async Task<string> FindVersionAsync(CancellationToken cancellation)
    {
        var room = await client.DescribeAsync(cancellation).ConfigureAwait(false);
        return room.DataSets.First(each => each.Name == name).Digest
            ?? throw CliReasons.NoVersion.Refuse($"'{name}' has no version yet that could be changed");
    }

    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
