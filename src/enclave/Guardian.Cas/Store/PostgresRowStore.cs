using Npgsql;

namespace Guardian.Cas.Store;

/// <summary>Rows in PostgreSQL, for several CAS replicas at once. Not thread-safe: the vault's thread is the one that uses it.</summary>
internal sealed class PostgresRowStore : IRowStore
{
    // "Guardian", as PostgreSQL's advisory locks are numbered.
    private const long Lock = 0x4755415244;

    // Acknowledged means on disk, whatever the server's default is. A replica that hangs inside a transaction holds the others up no longer than this.
    private const string Setup = "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '10s'; SET default_transaction_isolation = 'read committed'";

    private readonly string connectionString;
    private NpgsqlConnection? connection;

    private PostgresRowStore(string connectionString) => this.connectionString = connectionString;

    /// <summary>Opens the database, whose table is made at first use.</summary>
    /// <exception cref="StoreException">It cannot be reached, or refuses.</exception>
    /// <exception cref="InvalidDataException">The connection string is none.</exception>
    public static PostgresRowStore Open(string connectionString)
    {
        PostgresRowStore store;
        try
        {
            store = new PostgresRowStore(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "guardian-cas" }.ToString());
        }
        catch (ArgumentException)
        {
            throw new InvalidDataException("the database's file holds no connection string of PostgreSQL, such as Host=…;Database=…;Username=…;Password=…");
        }
        Guarded(() =>
        {
            using var command = store.Connect().CreateCommand();
            command.CommandText = "CREATE TABLE IF NOT EXISTS rows (kind text COLLATE \"C\" NOT NULL, name text COLLATE \"C\" NOT NULL, value bytea NOT NULL, PRIMARY KEY (kind, name))";
            return command.ExecuteNonQuery();
        });
        return store;
    }

    /// <inheritdoc/>
    public IRowTransaction Begin() => Guarded(() =>
    {
        var transaction = Connect().BeginTransaction();
        try
        {
            // Whoever has the lock sees everything that was committed before: statements see what is committed when they begin.
            using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection, transaction) { Parameters = { new() { Value = Lock } } };
            command.ExecuteNonQuery();
            return new Transaction(connection!, transaction);
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    });

    /// <inheritdoc/>
    public void Dispose() => connection?.Dispose();

    private NpgsqlConnection Connect()
    {
        if (connection?.FullState != System.Data.ConnectionState.Open)
        {
            connection?.Dispose();
            connection = new NpgsqlConnection(connectionString);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = Setup;
            command.ExecuteNonQuery();
        }
        return connection;
    }

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            throw new StoreException($"the CAS's database cannot be used now ({failure.Message})", failure);
        }
    }

    private sealed class Transaction(NpgsqlConnection connection, NpgsqlTransaction transaction) : IRowTransaction
    {
        // Sent together at the end: one round trip however much is written.
        private readonly NpgsqlBatch writes = new(connection, transaction);

        public byte[]? Find(string kind, string name) => Guarded(() =>
        {
            using var command = new NpgsqlCommand("SELECT value FROM rows WHERE kind = $1 AND name = $2", connection, transaction) { Parameters = { new() { Value = kind }, new() { Value = name } } };
            return (byte[]?)command.ExecuteScalar();
        });

        public IReadOnlyList<(string Name, byte[] Value)> List(string kind, string after, int count) => Guarded(() =>
        {
            using var command = new NpgsqlCommand("SELECT name, value FROM rows WHERE kind = $1 AND name > $2 ORDER BY name LIMIT $3", connection, transaction)
            {
                Parameters = { new() { Value = kind }, new() { Value = after }, new() { Value = count } },
            };
            using var reader = command.ExecuteReader();
            var rows = new List<(string, byte[])>();
            while (reader.Read())
            {
                rows.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
            }
            return rows;
        });

        public void Put(string kind, string name, byte[] value) => writes.BatchCommands.Add(
            new NpgsqlBatchCommand("INSERT INTO rows (kind, name, value) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value")
            {
                Parameters = { new() { Value = kind }, new() { Value = name }, new() { Value = value } },
            });

        public void Delete(string kind, string name) => writes.BatchCommands.Add(
            new NpgsqlBatchCommand("DELETE FROM rows WHERE kind = $1 AND name = $2") { Parameters = { new() { Value = kind }, new() { Value = name } } });

        public void Commit() => Guarded(() =>
        {
            if (writes.BatchCommands.Count > 0)
            {
                writes.ExecuteNonQuery();
            }
            transaction.Commit();
            return true;
        });

        public void Dispose()
        {
            writes.Dispose();
            try
            {
                transaction.Dispose();
            }
            catch (Exception failure) when (failure is NpgsqlException or InvalidOperationException)
            {
                // The connection broke; the next transaction makes another.
                connection.Dispose();
            }
        }
    }
}
