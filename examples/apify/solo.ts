// The pool alone. It is saved when the actor ends, and restored when it is started again.
import Apify from 'troupe/apify';

Apify.main(async () => {
  const sessionPool = await Apify.openSessionPool({ maxPoolSize: 100 });
  const session = sessionPool.getSession();
  session.markBad();
  console.log(`${session.id}: error score ${session.errorScore}`);
  session.retire();
  session.markGood();
  console.log(`still usable: ${session.isUsable()}`);
});
