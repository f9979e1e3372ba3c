using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Data;

/// <summary>Rooms with little memory, and with much.</summary>
public class WorkingSetTests
{
    private const int Mebibyte = 1024 * 1024;

    private static readonly (string, string)[] Large = [("max_rows: 5000", "max_rows: 500000"), ("max_rows: 4000", "max_rows: 500000")];

    [Fact]
    public void A_room_whose_data_are_larger_than_its_8_MiB_answers_as_one_with_room_for_all()
    {
        var random = new Random(1);
        var campaign = TestRows.Csv(TestRows.Campaign(random, 20_000, 30_000));
        var customers = TestRows.Csv(TestRows.Customers(random, 20_000, 30_000));
        var small = WorkingSet.FromMebibytes(8);
        var large = WorkingSet.FromMebibytes(256);
        using var scarce = new TestRoom(TestContract.Read(Large), null, small);
        using var ample = new TestRoom(TestContract.Read(Large), null, large);
        var layout = RoomLayout.For(scarce.Contract);
        var size = scarce.Contract.DataSets.Sum(dataSet => (long)layout.GroupSize(dataSet) * layout.GroupCount);
        Assert.InRange(size, 2 * 8 * Mebibyte, 128 * Mebibyte);
        foreach (var room in new[] { scarce, ample })
        {
            room.Upload("campaign", campaign);
            room.Upload("customers", customers);
        }
        var question = new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] };
        Assert.Equal(
            ample.Ask<CrosstabResult>(question).Cells.Select(cell => cell.Persons),
            scarce.Ask<CrosstabResult>(question).Cells.Select(cell => cell.Persons));
        Assert.InRange(small.Free, 0, 8 * Mebibyte);
        Assert.InRange(large.Size - large.Free, size, size + (64 * Mebibyte));
    }

    [Fact]
    public void Memory_of_a_version_that_was_replaced_is_given_back()
    {
        var workingSet = WorkingSet.FromMebibytes(64);
        using var room = new TestRoom(TestContract.Read(), null, workingSet);
        room.Upload("campaign", TestRows.Csv(TestRows.Campaign(new Random(1), 2_000, 4_000)));
        var free = workingSet.Free;
        for (var seed = 2; seed < 5; seed++)
        {
            room.Upload("campaign", TestRows.Csv(TestRows.Campaign(new Random(seed), 2_000, 4_000)));
        }
        Assert.Equal(free, workingSet.Free);
    }

    [Fact]
    public void A_working_set_reserves_no_more_than_it_has()
    {
        var workingSet = new WorkingSet(100);
        Assert.True(workingSet.TryReserve(60));
        Assert.False(workingSet.TryReserve(41));
        Assert.True(workingSet.TryReserve(40));
        workingSet.Release(60);
        Assert.Equal(60, workingSet.Free);
        Assert.Equal(1, new WorkingSet(0).ReserveThreads(10));
    }
}
