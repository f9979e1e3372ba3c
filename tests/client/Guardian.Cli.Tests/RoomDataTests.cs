using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>A room with more in its contract: reach, an activation list, and changes.</summary>
public sealed class RichRoomFixture : RoomFixture
{
    protected override string Edit(string contract) => contract
        .Replace("- {name: exposed, type: flag, filter: true}",
            "- {name: exposed, type: flag, filter: true}\n      - {name: views, type: integer, minimum: 0, maximum: 10}",
            StringComparison.Ordinal)
        .Replace("    columns:", "    rules: {activation: true}\n    columns:", StringComparison.Ordinal)
        .Replace("analyses:\n",
            "analyses:\n  reach: {frequency: campaign.views, maximum: 3}\n  activation: {dataset: customers, receiver: retailer}\n",
            StringComparison.Ordinal);
}

/// <summary>Uploads other than one sorted file of all persons, and the lists and classes that they give.</summary>
[Trait("Starts", "processes")]
public sealed class RoomDataTests(RichRoomFixture room) : IClassFixture<RichRoomFixture>
{
    [Fact]
    public async Task Unsorted_and_changed_uploads_reach_the_activation_list_and_8_MiB_of_EPC_work_from_the_command_line()
    {
        string Customers(IEnumerable<int> persons) =>
            "email,region,visit,spend\n" + string.Concat(persons.Select(i => $"c{i}@example.com,North,1,5.00\n"));
        await File.WriteAllTextAsync(
            room.File("seen.csv"),
            "email,arm,exposed,views\n" + string.Concat(Enumerable.Range(0, 2_000).Select(i => $"c{i}@example.com,Treatment,1,{i % 5}\n")));
        await File.WriteAllTextAsync(room.File("all.csv"), Customers(Enumerable.Range(1_000, 2_000)));
        await File.WriteAllTextAsync(room.File("changed.csv"), Customers(Enumerable.Range(500, 600)));
        await File.WriteAllTextAsync(
            room.File("gone.csv"), "email\n" + string.Concat(Enumerable.Range(1_800, 300).Select(i => $"c{i}@example.com\n")));

        (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "changed.csv", "--changes")).Ends(1)
            .Says("no version yet");
        (await room.AsAsync("retailer", "upload", "--dataset", "customers")).Ends(2).Says("--remove");
        (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "all.csv", "--unsorted", "--changes")).Ends(2)
            .Says("changes are sorted here");

        var unsorted = (await room.AsAsync(
            "agency", "upload", "--dataset", "campaign", "--data", "seen.csv", "--unsorted", "--receipt", "seen.jws",
            "--json")).Ends(0).Json;
        Assert.Equal((2_000, null), ((int)unsorted["versionPersons"]!, (string?)unsorted["base"]));
        var first = (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "all.csv", "--json")).Ends(0).Json;

        var reach = (await room.AsAsync("agency", "ask", "reach", "--output", "reach.jws", "--json")).Ends(0).Json["reach"]!;
        Assert.Equal((1_000, 800), ((int)reach["persons"]!, (int)reach["reached"]!));
        Assert.Equal([200, 200, 200, 400], reach["frequencies"]!.AsArray().Select(each => (int)each!["persons"]!));
        (await room.RunAsync("room", "verify", "reach.jws", "--contract", "room.yaml", "--receipt", "seen.jws")).Ends(0);

        Assert.Equal(Enumerable.Range(1_000, 1_000), await ActivateAsync());
        (await room.AsAsync("agency", "activate", "--data", "seen.csv", "--output", "stolen.txt")).Ends(1).Says("for retailer only");
        Assert.False(File.Exists(room.File("stolen.txt")));

        var changed = (await room.AsAsync(
            "retailer", "upload", "--dataset", "customers", "--data", "changed.csv", "--remove", "gone.csv", "--json")).Ends(0).Json;
        Assert.Equal(((string)first["digest"]!, 2_200), ((string)changed["base"]!, (int)changed["versionPersons"]!));
        await File.AppendAllTextAsync(room.File("all.csv"), Customers(Enumerable.Range(500, 500)).Split('\n', 2)[1]);
        Assert.Equal(Enumerable.Range(500, 1_300), await ActivateAsync());
        Assert.Contains(
            (string)first["version"]!, (await room.AsAsync("agency", "log", "--json")).Ends(0).Output, StringComparison.Ordinal);
        await AnswersAreRightWithLittleMemoryAsync();
    }

    private async Task AnswersAreRightWithLittleMemoryAsync()
    {
        const int pagesPerMebibyte = 256;
        await room.StartRoomAsync("--epc", "8", "--working-set", "3");
        // Not asked before, so it is computed anew.
        var sum = (await room.AsAsync("agency", "ask", "sum", "--of", "customers.spend", "--json")).Ends(0).Json["sum"]!;
        Assert.Equal((1_300, 6_500.0), ((int)sum["persons"]!, (double)sum["sum"]!));
        var epc = (await room.AsAsync("agency", "status", "--json")).Ends(0).Json["epc"]!;
        Assert.Equal(8 * pagesPerMebibyte, (int)epc["total"]!);
        if (!File.Exists(Path.Combine(GuardianProgram.FolderOf("Guardian.Enclave"), "guardian-enclave.dll")))
        {
            // A native file has its runtime inside and is larger than the EPC: its pages were written out and came back.
            Assert.NotEqual(0, (int)epc["evicted"]!);
            return;
        }
        // The simulated EPC holds the program's code and not the working set. Both fit together; nothing was written out.
        Assert.Equal(0, (int)epc["evicted"]!);
        Assert.InRange((int)epc["allocated"]! + (3 * pagesPerMebibyte), 4 * pagesPerMebibyte, 8 * pagesPerMebibyte);
    }

    private async Task<IEnumerable<int>> ActivateAsync()
    {
        File.Delete(room.File("list.txt"));
        (await room.AsAsync("retailer", "activate", "--data", "all.csv", "--output", "list.txt")).Ends(0);
        (await room.AsAsync("retailer", "activate", "--data", "all.csv", "--output", "list.txt")).Ends(2)
            .Says("the file list.txt already exists");
        return (await File.ReadAllLinesAsync(room.File("list.txt"))).Select(
            line =>
                int.Parse(line[1..line.IndexOf('@', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)).Order();
    }
}
