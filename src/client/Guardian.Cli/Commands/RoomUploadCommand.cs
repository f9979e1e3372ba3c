using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room upload</c>: prepares a file here, and sends it encrypted.</summary>
internal static class RoomUploadCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var dataSet = new Option<string>("--dataset") { Description = "Which data set of the contract this is.", Required = true, HelpName = "NAME" };
        var data = new Option<string?>("--data") { Description = "The file: CSV with a header, UTF-8 (.gz is unpacked), or .parquet.", HelpName = "FILE" };
        var changes = new Option<bool>("--changes") { Description = "The file holds only persons to add or to change; all others of the current version stay." };
        var remove = new Option<string?>("--remove") { Description = "A file of identifiers: these persons are removed, and all others stay.", HelpName = "FILE" };
        var unsorted = new Option<bool>("--unsorted") { Description = "Send rows in the order of the file and have the enclave sort them: slower, and the same answers." };
        var command = new Command("upload", "Prepare a file on this machine and send it encrypted; goes on where an earlier try stopped.");
        room.AddTo(command);
        command.Options.Add(dataSet);
        command.Options.Add(data);
        command.Options.Add(changes);
        command.Options.Add(remove);
        command.Options.Add(unsorted);
        var receipt = new Option<string?>("--receipt") { Description = "Also keep the signed receipt, for 'guardian room verify --receipt'.", HelpName = "FILE" };
        command.Options.Add(receipt);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var form = arguments.GetValue(changes) || arguments.GetValue(remove) is not null ? UploadForm.Changes : arguments.GetValue(unsorted) ? UploadForm.Unsorted : UploadForm.Sorted;
            if (arguments.GetValue(data) is null && arguments.GetValue(remove) is null)
            {
                throw new CliException(ExitCode.Usage, "no-file", "there is nothing to upload", hint: "give --data FILE, or --remove FILE, or both");
            }
            if (arguments.GetValue(unsorted) && form == UploadForm.Changes)
            {
                throw new CliException(ExitCode.Usage, "bad-form", "--unsorted is for a file of all persons; changes are sorted here");
            }
            var result = await UploadAsync(file, client, arguments.GetRequiredValue(dataSet), arguments.GetValue(data), terminal, form, arguments.GetValue(remove), cancellation).ConfigureAwait(false);
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
    public static async Task<UploadResult> UploadAsync(RoomFile file, RoomClient client, string name, string? path, Terminal terminal, UploadForm form, string? removals, CancellationToken cancellation)
    {
        var dataSet = file.Contract.FindDataSet(name)
            ?? throw new CliException(ExitCode.Usage, "no-dataset", $"the contract has no data set '{name}'", hint: $"it has {string.Join(", ", file.Contract.DataSets.Select(each => each.Name))}");
        // The handshake verifies the enclave and the contract's hash; only then anything of the file is read.
        var keys = await client.ReadKeysAsync(name, cancellation).ConfigureAwait(false);
        var changed = form == UploadForm.Changes ? await FindVersionAsync(client, name, cancellation).ConfigureAwait(false) : null;
        var layout = RoomLayout.For(file.Contract);
        return await terminal.WithProgressAsync(async progress =>
        {
            var preparing = progress($"preparing {name}");
            using var prepared = new DataSetPreparer(dataSet, layout, form: form).Prepare(
                path, keys.MatchKey, new Reporter<PreparationProgress>(now => preparing(now.FileSize == 0 ? 1 : (double)now.BytesRead / now.FileSize, $"{Terminal.Number(now.Rows)} rows")), removals, cancellation);
            var sending = progress($"sending {name}");
            var (resumed, receipt) = await new RoomUploader(client, file.Contract, dataSet).UploadAsync(
                prepared, keys.UploadSecret,
                new Reporter<UploadProgress>(now => sending((double)now.Bytes / now.TotalBytes, $"{Terminal.Number(now.Rows)} of {Terminal.Number(now.TotalRows)} rows, {Terminal.Number(now.Bytes)} bytes")), changed, cancellation).ConfigureAwait(false);
            var size = (long)(layout.GroupSize(dataSet.InForm(form)) + ChunkCipher.TagSize) * layout.GroupCount;
            var accepted = JsonSerializer.Deserialize(RoomStatements.Verify(receipt, file.Contract, TimeProvider.System.GetUtcNow()).Payload.Span, AnswerJson.Default.UploadReceipt)!;
            return new UploadResult(name, accepted, prepared.Report, layout.GroupCount, resumed, size, receipt);
        }).ConfigureAwait(false);
    }

    private static async Task<string> FindVersionAsync(RoomClient client, string name, CancellationToken cancellation)
    {
        var room = await client.DescribeAsync(cancellation).ConfigureAwait(false);
        return room.DataSets.First(each => each.Name == name).Version
            ?? throw new CliException(ExitCode.Refused, "no-version", $"'{name}' has no version yet that could be changed", hint: "upload all persons first, without --changes and --remove");
    }

    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}

/// <summary>What an upload came to.</summary>
/// <param name="Accepted">What the room's receipt says.</param>
/// <param name="Size">Bytes sent over the wire in all, padding included.</param>
internal sealed record UploadResult(string DataSet, UploadReceipt Accepted, PreparationReport Report, int Chunks, int Resumed, long Size, byte[] Receipt)
{
    public JsonObject ToJson() => new()
    {
        ["dataSet"] = DataSet,
        ["digest"] = Accepted.Digest,
        ["base"] = Accepted.Base,
        ["versionPersons"] = Accepted.Rows,
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
            + (Accepted.Upload is not null ? $"\nthe version that the enclave made of them has {Terminal.Number(Accepted.Rows)} persons" : "")
            + $"\nsent {Terminal.Number(Size)} bytes of ciphertext in {Chunks} chunks"
            + (Resumed > 0 ? $", of which {Resumed} were there from an earlier try" : "");
    }
}
