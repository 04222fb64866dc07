// Run once by the image of MongoDB, on an empty data folder: the user that Laputa signs in with, and no right beyond its database.
db.getSiblingDB('laputa').createUser({
  user: 'laputa',
  pwd: process.env.LAPUTA_PASSWORD,
  roles: [{ role: 'readWrite', db: 'laputa' }],
})
