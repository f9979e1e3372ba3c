using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.CleanRoom;
using Guardian.CleanRoom.Client;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary><c>guardian room upload</c>: prepares a file here, and sends it encrypted.</summary>
internal static class RoomUploadCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var dataSet = new Option<string>("--dataset") { Description = "Which data set of the contract this is.", Required = true, HelpName = "NAME" };
        var data = new Option<string>("--data") { Description = "The file: CSV with a header, UTF-8 (.gz is unpacked), or .parquet.", Required = true, HelpName = "FILE" };
        var command = new Command("upload", "Prepare a file on this machine and send it encrypted; goes on where an earlier try stopped.");
        room.AddTo(command);
        command.Options.Add(dataSet);
        command.Options.Add(data);
        var receipt = new Option<string?>("--receipt") { Description = "Also keep the signed receipt, for 'guardian room verify --receipt'.", HelpName = "FILE" };
        command.Options.Add(receipt);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var result = await UploadAsync(file, client, arguments.GetRequiredValue(dataSet), arguments.GetRequiredValue(data), terminal, cancellation).ConfigureAwait(false);
            if (arguments.GetValue(receipt) is { } path)
            {
                await File.WriteAllBytesAsync(path, result.Receipt, cancellation).ConfigureAwait(false);
            }
            terminal.Show(result.ToJson(), people => people.WriteLine(result.ToString()));
            return ExitCode.Done;
        }));
        return command;
    }

    /// <summary>Prepares and uploads, showing progress where a person watches.</summary>
    public static async Task<UploadResult> UploadAsync(RoomFile file, RoomClient client, string name, string path, Terminal terminal, CancellationToken cancellation)
    {
        var dataSet = file.Contract.FindDataSet(name)
            ?? throw new CliException(ExitCode.Usage, "no-dataset", $"the contract has no data set '{name}'", hint: $"it has {string.Join(", ", file.Contract.DataSets.Select(each => each.Name))}");
        // The handshake verifies the enclave and the contract's hash; only then anything of the file is read.
        var keys = await client.ReadKeysAsync(name, cancellation).ConfigureAwait(false);
        var layout = RoomLayout.For(file.Contract);
        return await terminal.WithProgressAsync(async progress =>
        {
            var preparing = progress($"preparing {name}");
            using var prepared = new DataSetPreparer(dataSet, layout).Prepare(
                path, keys.MatchKey, new Reporter<PreparationProgress>(now => preparing(now.FileSize == 0 ? 1 : (double)now.BytesRead / now.FileSize, $"{Terminal.Number(now.Rows)} rows")), cancellation);
            var sending = progress($"sending {name}");
            var (resumed, receipt) = await new RoomUploader(client, file.Contract, dataSet).UploadAsync(
                prepared, keys.UploadSecret,
                new Reporter<UploadProgress>(now => sending((double)now.Bytes / now.TotalBytes, $"{Terminal.Number(now.Rows)} of {Terminal.Number(now.TotalRows)} rows, {Terminal.Number(now.Bytes)} bytes")), cancellation).ConfigureAwait(false);
            var size = (long)(layout.GroupSize(dataSet) + ChunkCipher.TagSize) * layout.GroupCount;
            return new UploadResult(name, Convert.ToHexStringLower(prepared.Digest.Span), prepared.Report, layout.GroupCount, resumed, size, receipt);
        }).ConfigureAwait(false);
    }

    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}

/// <summary>What an upload came to.</summary>
/// <param name="Size">Bytes sent over the wire in all, padding included.</param>
internal sealed record UploadResult(string DataSet, string Digest, PreparationReport Report, int Chunks, int Resumed, long Size, byte[] Receipt)
{
    public JsonObject ToJson() => new()
    {
        ["dataSet"] = DataSet,
        ["digest"] = Digest,
        ["rows"] = Report.Rows,
        ["persons"] = Report.Persons,
        ["empty"] = Report.Empty,
        ["invalid"] = Report.Invalid,
        ["duplicates"] = Report.Duplicates,
        ["uncounted"] = Report.Uncounted,
        ["capped"] = Report.Capped,
        ["ignoredColumns"] = new JsonArray([.. Report.IgnoredColumns.Select(column => (JsonNode)column)]),
        ["chunks"] = Chunks,
        ["resumedAt"] = Resumed,
        ["bytes"] = Size,
    };

    public override string ToString()
    {
        var left = new List<string>();
        void Count(int count, string what)
        {
            if (count > 0)
            {
                left.Add($"{Terminal.Number(count)} {what}");
            }
        }
        Count(Report.Empty, "without identifier");
        Count(Report.Invalid, "with an invalid identifier");
        Count(Report.Duplicates, "of a person already there");
        return $"{DataSet}: {Terminal.Number(Report.Persons)} persons from {Terminal.Number(Report.Rows)} rows"
            + (left.Count > 0 ? $"; left out: {string.Join(", ", left)}" : "")
            + (Report.Uncounted > 0 ? $"; {Terminal.Number(Report.Uncounted)} events lie outside every window or filter" : "")
            + (Report.Capped > 0 ? $"; {Terminal.Number(Report.Capped)} persons reach a column's bound" : "")
            + (Report.IgnoredColumns.Count > 0 ? $"; columns that stayed here: {string.Join(", ", Report.IgnoredColumns)}" : "")
            + $"\nsent {Terminal.Number(Size)} bytes of ciphertext in {Chunks} chunks"
            + (Resumed > 0 ? $", of which {Resumed} were there from an earlier try" : "");
    }
}
