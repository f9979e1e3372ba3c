using Npgsql;

namespace Guardian.Cas.Store;

/// <summary>Rows in PostgreSQL, for several CAS replicas at once. Not thread-safe; one thread of the vault at a time uses it.</summary>
internal sealed class PostgresRowStore : IRowStore
{
    // "GUARD" in ASCII; PostgreSQL's advisory locks have numbers.
    private const long Lock = 0x4755415244;

    // Acknowledged means on disk, whatever the server's default is. The timeout bounds how long a replica that hangs inside a
    // transaction delays the others.
    private const string Setup =
        "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '10s'; "
        + "SET default_transaction_isolation = 'read committed'";

    private const string CreateTable =
        "CREATE TABLE IF NOT EXISTS rows (kind text COLLATE \"C\" NOT NULL, name text COLLATE \"C\" NOT NULL, value bytea NOT NULL, "
        + "PRIMARY KEY (kind, name))";

    private readonly string connectionString;
    private NpgsqlConnection? connection;
    private bool isReader;

    private PostgresRowStore(string connectionString) => this.connectionString = connectionString;

    /// <summary>Opens the database and creates its table at first use.</summary>
    /// <exception cref="StoreException">The database cannot be reached, or refuses.</exception>
    /// <exception cref="InvalidDataException">The connection string is malformed.</exception>
    public static PostgresRowStore Open(string connectionString)
    {
        var store = Parse(connectionString);
        Guarded(() =>
        {
            using var command = store.Connect().CreateCommand();
            command.CommandText = CreateTable;
            return command.ExecuteNonQuery();
        });
        return store;
    }

    /// <summary>Opens the database to read it, also while CASs use it: transactions see one state and block nobody.</summary>
    /// <exception cref="StoreException">The database cannot be reached, or refuses.</exception>
    /// <exception cref="InvalidDataException">The connection string is malformed.</exception>
    public static PostgresRowStore OpenToRead(string connectionString)
    {
        var store = Parse(connectionString);
        store.isReader = true;
        Guarded(store.Connect);
        return store;
    }

    private static PostgresRowStore Parse(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "guardian-cas" };
            return new PostgresRowStore(settings.ToString());
        }
        catch (ArgumentException)
        {
            throw new InvalidDataException(
                "the database's file holds no connection string of PostgreSQL, such as Host=…;Database=…;Username=…;Password=…");
        }
    }

    /// <inheritdoc/>
    public IRowTransaction Begin() => Guarded(() =>
    {
        if (isReader)
        {
            var reading = Connect().BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
            return new Transaction(connection!, reading);
        }
        var transaction = Connect().BeginTransaction();
        try
        {
            // The holder of the lock sees everything that was committed before: a statement sees what is committed when it begins.
            using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection, transaction)
            {
                Parameters = { new() { Value = Lock } },
            };
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
        catch (InvalidCastException failure)
        {
            throw StoreLayout.RefuseOtherTypes(failure);
        }
    }

    private sealed class Transaction(NpgsqlConnection connection, NpgsqlTransaction transaction) : IRowTransaction
    {
        // Sent together at the end, in one round trip.
        private readonly NpgsqlBatch writes = new(connection, transaction);

        public byte[]? Find(string kind, string name) => Guarded(() =>
        {
            using var command = new NpgsqlCommand("SELECT value FROM rows WHERE kind = $1 AND name = $2", connection, transaction)
            {
                Parameters = { new() { Value = kind }, new() { Value = name } },
            };
            return (byte[]?)command.ExecuteScalar();
        });

        public IReadOnlyList<(string Name, byte[] Value)> List(string kind, string after, int count) => Guarded(() =>
        {
            const string Text = "SELECT name, value FROM rows WHERE kind = $1 AND name > $2 ORDER BY name LIMIT $3";
            using var command = new NpgsqlCommand(Text, connection, transaction)
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

        public string? FindNextKind(string after) => Guarded(() =>
        {
            using var command = new NpgsqlCommand("SELECT kind FROM rows WHERE kind > $1 ORDER BY kind LIMIT 1", connection, transaction)
            {
                Parameters = { new() { Value = after } },
            };
            return (string?)command.ExecuteScalar();
        });

        public void Put(string kind, string name, byte[] value)
        {
            const string Text =
                "INSERT INTO rows (kind, name, value) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value";
            writes.BatchCommands.Add(new NpgsqlBatchCommand(Text)
            {
                Parameters = { new() { Value = kind }, new() { Value = name }, new() { Value = value } },
            });
        }

        public void Delete(string kind, string name) => writes.BatchCommands.Add(
            new NpgsqlBatchCommand("DELETE FROM rows WHERE kind = $1 AND name = $2")
            {
                Parameters = { new() { Value = kind }, new() { Value = name } },
            });

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
                // The connection broke. The next transaction opens another one.
                connection.Dispose();
            }
        }
    }
}
