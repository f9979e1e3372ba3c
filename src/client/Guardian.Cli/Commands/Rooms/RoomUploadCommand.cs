using System.CommandLine;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room upload</c>.</summary>
internal sealed class RoomUploadCommand : RoomCommand
{
    private readonly Option<string> dataSet = new("--dataset")
    {
        Description = "The name of the data set in the contract.",
        Required = true,
        HelpName = "NAME",
    };
    private readonly Option<string?> data = new("--data")
    {
        Description = "The file: CSV with a header, UTF-8 (also packed with gzip), Parquet or .xlsx; - is standard input.",
        HelpName = "FILE",
    };
    private readonly Option<bool> changes = new("--changes")
    {
        Description = "The file holds only persons to add or to change; all others of the current version stay.",
    };
    private readonly Option<string?> remove = new("--remove")
    {
        Description = "A file of identifiers: these persons are removed, and all others stay.",
        HelpName = "FILE",
    };
    private readonly Option<bool> unsorted = new("--unsorted")
    {
        Description = "Send rows in the order of the file and let the enclave sort them: slower, and the same answers.",
    };
    private readonly Option<string?> receipt = new("--receipt")
    {
        Description = "Also write the signed receipt, for 'guardian room verify --receipt'.",
        HelpName = "FILE",
    };

    public RoomUploadCommand() : base(
        "upload", "Prepare a file on this machine and send it encrypted; continues an earlier try that stopped.") =>
        AddSymbols(dataSet, data, changes, remove, unsorted, receipt);

    protected override void Check(ParseResult arguments)
    {
        OutputFile.RequireNew(arguments.GetValue(receipt));
        var (file, removals) = (arguments.GetValue(data), arguments.GetValue(remove));
        if (file is null && removals is null)
        {
            throw CliReasons.NoFile.Refuse("there is nothing to upload");
        }
        if (arguments.GetValue(unsorted) && ReadForm(arguments) == UploadForm.Changes)
        {
            throw CliReasons.BadForm.Refuse("--unsorted is for a file of all persons; changes are sorted here");
        }
        foreach (var path in new[] { file, removals }.OfType<string>())
        {
            _ = path == "-" ? path : InputFile.Require(path);
        }
    }

    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var upload = new RoomUpload(file, client, arguments.GetRequiredValue(dataSet), ReadForm(arguments));
        var (result, statement) = await upload.SendAsync(arguments.GetValue(data), arguments.GetValue(remove), terminal, cancellation)
            .ConfigureAwait(false);
        if (arguments.GetValue(receipt) is { } path)
        {
            OutputFile.Write(path, statement);
        }
        terminal.Show(result, RoomsJson.Default.RoomUploadResult, people =>
        {
            foreach (var line in result.ToLines())
            {
                people.WriteLine(line);
            }
        });
        return ExitCode.Done;
    }

    private UploadForm ReadForm(ParseResult arguments) =>
        arguments.GetValue(changes) || arguments.GetValue(remove) is not null ? UploadForm.Changes
        : arguments.GetValue(unsorted) ? UploadForm.Unsorted
        : UploadForm.Sorted;
}
