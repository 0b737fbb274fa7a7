namespace Automation.Server.Triggers.Webhooks;

/// <summary>Counts the memory of the bodies that were not handed over to the intake yet (P9). Any thread.</summary>
/// <param name="limit">Bytes.</param>
internal sealed class BodyBudget(long limit)
{
    private readonly long limit = limit;
    private long taken;

    /// <summary>Bytes taken at the moment.</summary>
    public long Taken => Volatile.Read(ref taken);

    /// <summary>For one body; disposing it gives all of it back.</summary>
    public Share Open() => new(this);

    /// <summary>What one body takes. Used by one request.</summary>
    internal sealed class Share(BodyBudget budget) : IDisposable
    {
        private long own;

        /// <summary>Whether as many bytes could be taken now. They are not: a sender may announce much and send nothing.</summary>
        public bool HasRoom(long bytes) => Fits(budget.Taken + bytes, bytes);

        /// <summary>False when they do not fit, but for a body that is alone.</summary>
        public bool TryTake(long bytes)
        {
            if (!Fits(Interlocked.Add(ref budget.taken, bytes), bytes))
            {
                Interlocked.Add(ref budget.taken, -bytes);
                return false;
            }

            own += bytes;
            return true;
        }

        public void Dispose()
        {
            Interlocked.Add(ref budget.taken, -own);
            own = 0;
        }

        private bool Fits(long all, long bytes) => all <= budget.limit || all == own + bytes;
    }
}
