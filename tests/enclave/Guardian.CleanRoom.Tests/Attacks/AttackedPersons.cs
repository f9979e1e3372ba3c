using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>Persons with a secret to find out, and rooms with these persons.</summary>
public abstract class AttackedPersons
{
    protected const int K = 40;
    protected const string Target = "person7@example.com";

    private protected static Condition All { get; } = new Predicate("customers.age", ">=", ["0"]);

    // The target is the only customer who is 77; whether she visited is the secret.
    private protected List<CustomerRow> Customers { get; }
    private protected List<CampaignRow> Campaign { get; }

    protected AttackedPersons()
    {
        var random = new Random(17);
        Customers = [.. Enumerable.Range(0, 1_500).Select(
            i =>
                new CustomerRow($"person{i}@example.com", i % 100 == 3
                    ? "West"
                    : i % 2 == 0 ? "North" : "South", random.Next(2) == 0, 10, 18 + random.Next(50)))];
        Customers[7] = Customers[7] with { Age = 77, Region = "South", Visit = true };
        // Some customers are not in the campaign, and some persons of the campaign are no customers, so that complements are large.
        Customers.AddRange(Enumerable.Range(0, 200).Select(i => new CustomerRow($"other{i}@example.com", "North", false, 10, 30)));
        Campaign = [.. Enumerable.Range(0, 2_000).Select(i => new CampaignRow($"person{i}@example.com", "Red", i % 2 == 0, i))];
    }

    private protected NaiveRoom Naive()
    {
        var room = new NaiveRoom(Customers, K);
        room.UploadCampaign(Campaign);
        return room;
    }

    private protected GuardedRoom Guarded(decimal? epsilon = null, int seed = 1)
    {
        var room = new GuardedRoom(Customers, K, epsilon, seed);
        room.UploadCampaign(Campaign);
        return room;
    }
}
